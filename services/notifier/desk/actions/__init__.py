"""The desk's use cases, one module for each subject. The pages and the API are thin layers over them."""
