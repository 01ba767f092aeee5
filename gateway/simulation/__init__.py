"""Does it help? Ways to choose a hospital, compared on the same made-up patients in a real country.

The truth (what hospitals can really do, how full they really are) is hidden from every way of
choosing: each sees the register and the reports, as the gateway does. Nothing here knows a clock;
all chance comes from one seed.
"""
