"""The sample: invented clients and news for a first start."""
