"""The shipped reader: a small language model with its tokenizer, and the code that runs it.

``reader.onnx`` and ``reader.json`` are made by ``training/``; the model card in ``docs/`` says from what.
"""
