"""REST for smartphones and other programs, under `/api/v1`: thin routes over the same use cases as
USSD and SMS. Errors are RFC 9457 problems; the OpenAPI document is made from the routes.
"""
