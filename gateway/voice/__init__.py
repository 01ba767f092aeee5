"""What is said on a call with a caller: the menus by ear. Who is called, and when, is in
`gateway.return_calls`.
"""
