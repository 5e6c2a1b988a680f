"""Makers of the test vectors, one file each; they know the wire spec and none of our programs.

form        how a file, a case and bytes are written
message     requests, keys, and a signature base of its own (RFC 9421)
signature   with signature_good, signature_bad and signature_notes
digest, json_text, batch, receipt, duty, key, forbidden, enrolment
"""
