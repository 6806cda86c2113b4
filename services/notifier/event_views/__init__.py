"""One event, all clients: joins the stories of several watched names, and shows who was or will be told what."""
