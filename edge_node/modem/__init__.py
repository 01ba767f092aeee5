"""The box's own modem: sealed texts to and from the gateway where IP is gone, and texts to the
duty phones when nobody answers at the console. It speaks to gammu-smsd's folders.
"""
