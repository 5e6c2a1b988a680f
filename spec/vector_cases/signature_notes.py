"""What each flag of the signature vectors is about."""

from vector_cases.form import note

NOTES = {
    "Plain": note("BASIC", "A request as the profile describes it.", "Nothing works."),
    "ClientOrder": note(
        "BASIC",
        "Components and parameters are in the order of this document, so that a client that is "
        "given the key, `created` and `nonce` of `signing` writes these very headers.",
        "The client signs other bytes than it sends.",
    ),
    "AnyOrder": note(
        "CAN_OF_WORMS",
        "Components, parameters and the label are the signer's choice; the base follows them.",
        "A sink that writes its own order refuses honest clients in other languages.",
    ),
    "Boundary": note("EDGE_CASE", "At a limit, which is still allowed.", "Off by one."),
    "OverLimit": note("MISSING_STEP", "One beyond a limit.", "Old or endless claims are taken."),
    "FieldValue": note(
        "EDGE_CASE",
        "White space around values, several lines of one field, an empty value (RFC 9421 2.1).",
        "Ends disagree on a value after a proxy has touched it.",
    ),
    "Authority": note(
        "EDGE_CASE",
        "Ports, IPv6 and case in `@authority`.",
        "A batch meant for one sink is taken by another, or an honest one refused.",
    ),
    "Body": note(
        "EDGE_CASE",
        "Bodies that are empty, not ASCII, coded or as large as allowed.",
        "The digest is taken over characters or over the decoded body, not over the coded bytes.",
    ),
    "OtherSignature": note(
        "CAN_OF_WORMS",
        "Signatures of others beside ours.",
        "A proxy's signature breaks uploads.",
    ),
    "Uncovered": note(
        "MISSING_STEP",
        "The signature covers less than wire 6.2 asks for.",
        "What is not covered can be changed on the way.",
    ),
    "Modified": note(
        "AUTH_BYPASS",
        "Something was changed after signing.",
        "Forged or altered telemetry.",
    ),
    "Replaced": note(
        "AUTH_BYPASS",
        "The body and its digest were both changed after signing.",
        "A sink that compares the digest and not the signature takes any body.",
    ),
    "MissingParameter": note(
        "MISSING_STEP",
        "A required parameter is absent.",
        "Freshness or the algorithm is a guess.",
    ),
    "WrongType": note(
        "TYPE_CONFUSION",
        "A parameter is of another structured-field type than the profile says; "
        "a token is no string, a decimal no integer.",
        "Two readers verify different things.",
    ),
    "Duplicate": note(
        "PARSER_DIFFERENTIAL",
        "A label, parameter or component occurs twice.",
        "One reader checks the first, the next one uses the last.",
    ),
    "Ambiguous": note("AUTH_BYPASS", "Two signatures with our tag.", "Which one was verified?"),
    "Malformed": note("PARSER", "A header is no structured field.", "The parser fails open."),
    "ComponentKind": note(
        "CAN_OF_WORMS",
        "A component that the profile does not rebuild.",
        "A component that is skipped or read as empty is not authenticated.",
    ),
    "Algorithm": note("AUTH_BYPASS", "`alg` is another one.", "Algorithm confusion."),
    "Key": note(
        "AUTH_BYPASS",
        "The key is unknown, revoked, outside of its validity, not approved, or not the signer's.",
        "`keyid` is believed.",
    ),
    "Order": note(
        "WRONG_ORDER",
        "Two things are wrong; the first step of wire 6.6 decides.",
        "Secrets of a later step leak, or costly work is done for strangers.",
    ),
    "SignatureBytes": note(
        "SIGNATURE_MALLEABILITY",
        "The 64 bytes are cut, padded, zero or not canonical.",
        "One signature has many spellings.",
    ),
    "Base": note(
        "WRONG_PRIMITIVE",
        "The signer built another base than RFC 9421 section 2.5 says.",
        "Both ends share a mistake and no other language can join.",
    ),
    "Injection": note(
        "AUTH_BYPASS",
        "A covered value holds a line break or is not ASCII.",
        "A value pretends to be another line of the base.",
    ),
}
