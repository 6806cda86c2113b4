"""What is built of what: every dependency of the product is put together here and nowhere else."""
