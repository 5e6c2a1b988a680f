"""What stands in the way of an upload, found by looking at each part by itself.

`rounds` is the table of contents: the checks in their order, one file for each group. Nothing here
sends an event. The network is asked only where an upload might be made at this moment.
"""
