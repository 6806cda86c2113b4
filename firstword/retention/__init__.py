"""The table of how long each kind of data is kept and why (``kinds``), and its removal after that time (``job``)."""
