"""Names that only look unused, grouped by who uses them. `make dead-code` reports all other unused names.

Add a name only if a library, a template or the wire format uses it. Delete code that only tests use.
"""
# ruff: noqa: B018, F821

# The protocol of context managers
_.trace

# PyYAML: how plain values are read
_.yaml_implicit_resolvers

# pickle: asked for each name in the data
_.find_class

# Pydantic: fields that stand in JSON
_.specversion
_.datacontenttype
_.dataschema
_.last_error
_.shortened
_.read_by
_.verified
_._write_no_quiet_hours

# onnxruntime: options of a session
_.inter_op_num_threads
_.intra_op_num_threads
_.log_severity_level

# Pydantic: fields of the API's answers (services/notifier/desk/api/models.py)
_.too_few_to_judge
_.imported_at
_.thing
_.their_view
_.worth
_.later_news
_.approved_by
_.user_name
_.decided_at
_.waiting_for
_.feeds_with_a_problem
_.deliveries_of_unknown_outcome

# pydantic-settings
_.settings_customise_sources
_.dotenv_settings
_.file_secret_settings

# SQLAlchemy: types, columns read by name, the connection of the sqlite3 module
_.impl
_.cache_ok
_.load_dialect_impl
_.process_bind_param
_.process_result_value
_.size_bytes
_.beginning
_.isolation_level

# PyYAML
_.ignore_aliases

# The standard library's parsers: HTML, SAX, Expat
_.handle_startendtag
_.parse_marked_section
_.handle_data
_.handle_endtag
_.setDocumentLocator
_.startElement
_.endElement
_.namespace_prefixes
_.buffer_text
_.StartElementHandler
_.StartNamespaceDeclHandler
_.EndElementHandler
_.CharacterDataHandler

# tarfile: the time of an entry
_.mtime

# httpcore: a network backend
_.connect_unix_socket

# Uvicorn: a server
_.should_exit
_.capture_signals

# aiokafka and Faust
_.revoked
_.on_partitions_assigned
_.stream_wait_empty

# asyncio: a reference that keeps the task alive
_._sending

# MkDocs: a hook
_.on_page_markdown

# Templates of the desk and of digests
_.is_running
_.but
_.nowhere
_.manager_name
_.median_hours
_.y
_.limit_y
_.redirects_to

# imaplib: how it connects
_._create_socket

# The API: fields that only its clients read
_.is_this
_.events_elsewhere
