"""The gate before sending: which findings stop a message, need a reason, or only warn, as the firm decides."""
