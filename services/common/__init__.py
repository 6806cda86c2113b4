"""Shared by all services, and independent of news and clients: clock, database, errors, HTTP, logs, metrics, queue …"""
