"""The disclosure page: what this machine holds and what was sent, to look at and not to change.

    door        http.server: connections, their bounds, bytes in and out
    reception   the order of the questions before any page is made
    admission   the one-time token, and the cookie that takes its place
    routes      which page a path asks for
    site        the table of contents: a page's facts and its template
    rendering   jinja2

The other files give a page its facts, one file each. Nothing here takes a lock, writes or sends.
"""
