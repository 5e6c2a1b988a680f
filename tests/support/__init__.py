"""What the tests share: real servers and real programs, never stand-ins for our own code."""
