"""The pipeline as workers on Apache Kafka. Only ``worker`` imports faust; what decides is pure and needs no broker."""
