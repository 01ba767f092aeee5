"""Words that a caller, a carrier or a stranger may send where something else was asked for."""

# fmt: off
TYPED = (
    "", " ", "*", "#", "**", "1*", "*1", "0", "00", "98", "99", "7#", "11", "-1", "1.5", "+1", "a",
    "?", "kibra", "help", "\x00", "\x00\x01\x02", "\x1b[2J", "\r\n1", "1\n2", "\t1", "\u0661",
    "\U0001f691", "\u202e1", "مساعدة", "救命", "e\u0301" * 40, "\ufeff1", "\ufffd", "%00", "%2A",
    "' OR 1=1 --", "{code}", "{number.__class__}", "<b>1</b>", "x" * 81, "y" * 159, "z" * 2500,
    "1" * 400, "*" * 300, "999999999999", "-0", "1e3", "0x1", "0.5,36.7", "91,181", "-1.3,36.8",
    "1 000", "000", "٣٤", "None", "null", "[]", "{}", "\\", "\u2028", "€" * 90, "[" * 90,
)
SESSION_IDS = ("", " ", "\x00", "x" * 80, "x" * 81, "é", "\U0001f691", "a b", "' OR 1=1 --", "*")
PHONES = (
    "", "+", "abc", "+254", "0", "+2547110001110000000", "112", "MPESA", "\x00", "+999999999",
    "٠٧١١٠٠٠١١١", "x" * 30, "+254711000111 ; drop", "\U0001f4f1", "+254711000111\x00",
)
METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "", "BREW")
TYPES = (
    "application/json", "text/plain", "multipart/form-data; boundary=x", "", "\xff/\xff",
    "application/x-www-form-urlencoded; charset=utf-16",
)
BODIES = (
    b"", b"\x00", b"\xff\xfe\xfd", b"&&&===", b"%", b"%zz=%zz", b"=1", b"sessionId", b"a" * 20_000,
    b"{\"sessionId\": 1}", b"sessionId=%00&phoneNumber=%2B254711000110&text=%ff%fe",
    b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n1\r\n--x--", b"&" * 5_000,
    b"sessionId[]=1&phoneNumber[]=2", b"a=1;" * 900, b"sessionId=1&sessionId=2&text=1&text=2",
)
SIZES = (None, "0", "-1", "99999999999", "many", "\u0663", "1", "+5", "1, 1")
DOORS = ("ussd", "ussd-end", "sms", "delivery", "voice", "voice-events")
NETWORKS = ("63902", "63903", "63907", "63999", "99999", "", "\x00", "63902" * 9)
CODES_DIALLED = (
    "*384*911*1#", "*384*911*1*2#", "*384*911*1*2*2*kibra#", "*384*911*2*9*1*1*kibra#",
    "*384*911*1*9*2*3*1#", "*384*911*1*1*1*9#", "*384*911*9*9*9#", "*384*911*1*8*6*9#",
    "*384*911*1*2*1*2*1*2*1#", "*384*911*3*1#", "*384*911*1*9*4*7K2F#", "*384*911**#",
)
# fmt: on
