"""Run the pipeline as workers on Apache Kafka.

Only ``worker`` and ``faust_app`` import faust; the decisions are pure code.
"""
