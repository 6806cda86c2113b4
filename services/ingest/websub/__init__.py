"""WebSub (W3C, 2018): hubs tell Firstword that a feed has something new, so that it need not wait for the next poll."""
