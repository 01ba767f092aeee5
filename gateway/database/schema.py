"""The whole schema: importing this module puts every table on the one MetaData."""
# ruff: noqa: F401 - imported for the tables they declare

import gateway.alarms.tables
import gateway.api.tables
import gateway.audit
import gateway.callers.tables
import gateway.emergencies.tables
import gateway.hospitals.tables
import gateway.keys
import gateway.mass_casualty.tables
import gateway.medical.tables
import gateway.menus.tables
import gateway.notifications.tables
import gateway.places.tables
import gateway.restoring.tables
import gateway.return_calls.tables
import gateway.sites.tables
import gateway.sms.tables
import gateway.staff.tables
from gateway.database.metadata import metadata

__all__ = ["metadata"]
