"""The composition root: every engine, client, channel and worker of the product is built here, and nowhere else."""
