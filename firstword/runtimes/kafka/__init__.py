"""Run the pipeline as workers on Apache Kafka. Only ``worker`` imports faust; the decisions are pure code."""
