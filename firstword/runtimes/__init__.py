"""Run the pipeline: in memory over a file of items, in one process on a database, or as workers on Kafka."""
