"""The contract that client and sink obey: taxonomy, schemas, forbidden fields, wire profile.

Pure: nothing here opens a socket, reads a clock or draws randomness; the only files read are the
contract's own, shipped inside this package (`data`).
"""
