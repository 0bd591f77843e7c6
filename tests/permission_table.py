"""THE TABLE: every address × everybody × an own and a foreign object. tests/test_permissions.py asks each of them.

A row is a pair of words of nine letters, one letter for each of the cast in the order of CAST: for an own object and
for a foreign one. An own event is one that Otto organises and Emil trains; an own order, registration or sign-in
belongs to the one who asks. A row of one word is an address without an object, or where it makes no difference.

    I  comes in (the page, a form that needs another look, or on to the next page)
    S  to the sign-in page
    4  not found: it does not exist for them
    3  forbidden: staff whose role does not reach so far
"""

from __future__ import annotations

CAST = ("out", "carol", "bob", "dora", "emil", "fay", "alice", "otto", "ada")

EVERYBODY = ("IIIIIIIII",)
NOBODY = ("444444444",)
SIGNED_IN = ("SIIIIIIII",)
STAFF = ("S444IIIII",)
ALL_EVENTS = ("S44433I3I",)  # organisers of everything, and admin
FINANCE = ("S4443I33I",)
ORGANISER = ("S44433III", "S44433I3I")
ATTENDEES = ("S4443IIII", "S4443II3I")
MARKER = ("S444I3III", "S44433I3I")
DESK = ("S444IIIII", "S4443II3I")
OWN = ("SIIIIIIII", "S44444444")
COMPANY = ("S44I44444", "S44444444")  # an organisation that Dora looks after, and one that Nora does
REGISTER = ("S4443II3I",)  # organisations at the desk, to read
BOARD = ("S4443333I",)  # and to decide

TABLE: dict[str, tuple[str, ...]] = {
    # ---- the catalogue and the house
    "GET /": EVERYBODY,
    "GET /terms": EVERYBODY,
    "GET /privacy": EVERYBODY,
    "GET /accessibility": EVERYBODY,
    "GET /contact": EVERYBODY,
    "GET /sitemap.xml": EVERYBODY,
    "GET /robots.txt": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "POST /theme": EVERYBODY,
    "GET /areas.css": EVERYBODY,
    "GET /events": EVERYBODY,
    "GET /events/<slug>": EVERYBODY,
    "GET /areas/<slug>": EVERYBODY,
    "GET /areas/<slug>.atom": EVERYBODY,
    "GET /courses/<slug>": EVERYBODY,
    "GET /programmes": EVERYBODY,
    "GET /programmes/<slug>": EVERYBODY,
    "GET /mailbox": NOBODY,  # the demo only
    "GET /mailbox/<name>": NOBODY,
    "GET /mailbox/<name>/html": NOBODY,
    # ---- calendars
    "GET /calendar": EVERYBODY,
    "GET /calendar/events.ics": EVERYBODY,
    "GET /calendar/areas/<slug>.ics": EVERYBODY,
    "GET /calendar/<token>.ics": ("IIIIIIIII", "444444444"),  # who holds the token, whoever that is
    "GET /events/<slug>.ics": EVERYBODY,
    "GET /me/calendar": SIGNED_IN,
    "POST /me/calendar": SIGNED_IN,
    "POST /me/calendar/revoke": SIGNED_IN,
    # ---- certificates: their page answers to everybody, for ever
    "GET /certificates": EVERYBODY,
    "GET /certificates/<public_id>": EVERYBODY,
    "GET /certificates/<public_id>.json": EVERYBODY,
    "GET /certificates/<public_id>.pdf": EVERYBODY,
    # ---- registering, and orders
    "GET /events/<slug>/register": EVERYBODY,
    "POST /events/<slug>/register": EVERYBODY,
    "GET /events/<slug>/register/team": ("S44I44444",),  # HR managers
    "POST /events/<slug>/register/team": ("S44I44444",),
    "GET /registrations/draft/<public_id>": NOBODY,  # only the browser that filled the draft in
    "POST /registrations/draft/<public_id>": NOBODY,
    "GET /registrations/draft/<public_id>/address": NOBODY,
    "POST /registrations/draft/<public_id>/address": NOBODY,
    "GET /registrations/link/<token>": EVERYBODY,
    "POST /registrations/link/<token>": EVERYBODY,
    "GET /orders/<code>": OWN,
    "GET /orders/<code>/prove": OWN,
    "POST /orders/<code>/prove": OWN,
    "POST /orders/<code>/prove/mail": OWN,
    "GET /orders/link/<token>": EVERYBODY,
    "POST /orders/link/<token>": EVERYBODY,
    "GET /orders/<code>/cancel/<public_id>": OWN,
    "POST /orders/<code>/cancel/<public_id>": OWN,
    "GET /orders/<code>/name/<public_id>": OWN,
    "POST /orders/<code>/name/<public_id>": OWN,
    "POST /orders/<code>/offer/<public_id>": OWN,
    "GET /orders/<code>/colleague/<public_id>": OWN,
    "POST /orders/<code>/colleague/<public_id>": OWN,
    "GET /orders/<code>/date/<public_id>": OWN,
    "POST /orders/<code>/date/<public_id>": OWN,
    "GET /orders/<code>/way/<public_id>": OWN,
    "POST /orders/<code>/way/<public_id>": OWN,
    "GET /orders/<code>/who/<public_id>": OWN,
    "POST /orders/<code>/who/<public_id>": OWN,
    "POST /orders/<code>/purchase-order": ("S44444444",),  # only where an organisation pays
    # ---- the door
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /sign-in/code": ("SIIIIIIII",),
    "POST /sign-in/code": EVERYBODY,
    "GET /sign-in/link/<token>": EVERYBODY,
    "POST /sign-in/link/<token>": EVERYBODY,
    "GET /sign-in/password": EVERYBODY,
    "POST /sign-in/password": EVERYBODY,
    "POST /sign-in/demo": NOBODY,  # the demo only
    "POST /sign-out": EVERYBODY,
    # ---- a person's own pages
    "GET /me": SIGNED_IN,
    "GET /me/profile": SIGNED_IN,
    "POST /me/profile": SIGNED_IN,
    "GET /me/addresses": SIGNED_IN,
    "POST /me/addresses": SIGNED_IN,
    "GET /me/addresses/code": SIGNED_IN,
    "POST /me/addresses/code": SIGNED_IN,
    "GET /me/addresses/link/<token>": SIGNED_IN,
    "POST /me/addresses/link/<token>": SIGNED_IN,
    "POST /me/addresses/primary": OWN,
    "POST /me/addresses/remove": OWN,
    "GET /me/password": SIGNED_IN,
    "POST /me/password": SIGNED_IN,
    "GET /me/password/remove": SIGNED_IN,
    "POST /me/password/remove": SIGNED_IN,
    "GET /me/sign-ins": SIGNED_IN,
    "POST /me/sign-ins/<public_id>/revoke": OWN,
    "POST /me/sign-ins/revoke-others": SIGNED_IN,
    # ---- where one works, and one's organisation
    "GET /me/work": SIGNED_IN,
    "POST /me/work": OWN,
    "POST /me/work/main": OWN,
    "POST /me/work/leave": OWN,
    "GET /me/company": ("S44I44444",),
    "GET /me/company/<public_id>": COMPANY,
    "GET /me/company/<public_id>/registrations": COMPANY,
    "GET /me/company/<public_id>/documents": COMPANY,
    "GET /me/company/<public_id>/membership": COMPANY,
    "GET /me/company/<public_id>/membership/apply": COMPANY,
    "POST /me/company/<public_id>/membership/apply": COMPANY,
    "POST /me/company/<public_id>/membership/withdraw": COMPANY,
    "POST /me/company/<public_id>/membership/resign": COMPANY,
    "POST /me/company/<public_id>/people/<person_id>/verify": COMPANY,
    "POST /me/company/<public_id>/people/<person_id>/hr": COMPANY,
    "GET /me/company/<public_id>/people/<person_id>/reject": COMPANY,
    "POST /me/company/<public_id>/people/<person_id>/reject": COMPANY,
    "GET /me/company/<public_id>/people/<person_id>/end": COMPANY,
    "POST /me/company/<public_id>/people/<person_id>/end": COMPANY,
    # ---- the desk
    "GET /organise": STAFF,
    "GET /organise/events": STAFF,
    "GET /organise/events/new": ALL_EVENTS,
    "POST /organise/events/new": ALL_EVENTS,
    "GET /organise/events/<slug>": DESK,
    "GET /organise/events/<slug>/slots": DESK,
    "GET /organise/events/<slug>/history": ATTENDEES,
    "GET /organise/events/<slug>/attendees": DESK,
    "POST /organise/events/<slug>/attendees/chosen": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>": ATTENDEES,
    "GET /organise/events/<slug>/attendees/<public_id>/name": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/name": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>/cancel": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/cancel": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>/decline": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/decline": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>/colleague": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/colleague": ORGANISER,
    "GET /organise/events/<slug>/attendees/<public_id>/date": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/date": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/accept": ORGANISER,
    "POST /organise/events/<slug>/attendees/<public_id>/promote": ORGANISER,
    "POST /organise/events/<slug>/attendees/decline": ORGANISER,
    "GET /organise/events/<slug>/export": DESK,  # each role its own purposes: services/attendee_lists.py
    "POST /organise/events/<slug>/export": DESK,
    "GET /organise/events/<slug>/walk-in": ORGANISER,
    "POST /organise/events/<slug>/walk-in": ORGANISER,
    "GET /organise/events/<slug>/publish": ORGANISER,
    "POST /organise/events/<slug>/publish": ORGANISER,
    "GET /organise/events/<slug>/decide": ORGANISER,
    "POST /organise/events/<slug>/decide": ORGANISER,
    "POST /organise/events/<slug>/guarantee": ORGANISER,
    "GET /organise/events/<slug>/postpone": ORGANISER,
    "POST /organise/events/<slug>/postpone": ORGANISER,
    "GET /organise/events/<slug>/resume": ORGANISER,
    "POST /organise/events/<slug>/resume": ORGANISER,
    "GET /organise/events/<slug>/cancel": ORGANISER,
    "POST /organise/events/<slug>/cancel": ORGANISER,
    "POST /organise/events/<slug>/archive": ORGANISER,
    "GET /organise/events/<slug>/edit": ORGANISER,
    "POST /organise/events/<slug>/edit": ORGANISER,
    "GET /organise/events/<slug>/duplicate": ("S44433I3I",),
    "POST /organise/events/<slug>/duplicate": ("S44433I3I",),
    "GET /organise/events/<slug>/attendance": MARKER,
    "GET /organise/events/<slug>/attendance/<public_id>": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/everybody": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/marks": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/sign": MARKER,
    "POST /organise/events/<slug>/attendance/<public_id>/take-back": MARKER,
    "GET /organise/events/<slug>/close": ORGANISER,
    "POST /organise/events/<slug>/close": ORGANISER,
    "GET /organise/events/<slug>/certificates": ORGANISER,
    "POST /organise/events/<slug>/certificates": ORGANISER,
    "GET /organise/events/<slug>/certificates/<public_id>/name": ORGANISER,
    "POST /organise/events/<slug>/certificates/<public_id>/name": ORGANISER,
    "GET /organise/events/<slug>/certificates/<public_id>/revoke": ORGANISER,
    "POST /organise/events/<slug>/certificates/<public_id>/revoke": ORGANISER,
    "GET /organise/events/<slug>/certificates/letters/<registration>": ORGANISER,
    "POST /organise/events/<slug>/certificates/letters/<registration>": ORGANISER,
    "GET /organise/jobs/<public_id>": ORGANISER,
    "GET /organise/mails": ALL_EVENTS,
    "POST /organise/mails/<public_id>/retry": ALL_EVENTS,
    "GET /organise/organisations": REGISTER,
    "GET /organise/organisations/new": BOARD,
    "POST /organise/organisations/new": BOARD,
    "GET /organise/organisations/<public_id>": REGISTER,
    "GET /organise/organisations/<public_id>/history": REGISTER,
    "GET /organise/organisations/<public_id>/edit": BOARD,
    "POST /organise/organisations/<public_id>/edit": BOARD,
    "GET /organise/organisations/<public_id>/domains": BOARD,
    "POST /organise/organisations/<public_id>/domains": BOARD,
    "POST /organise/organisations/<public_id>/domains/verify": BOARD,
    "POST /organise/organisations/<public_id>/domains/remove": BOARD,
    "GET /organise/organisations/<public_id>/memberships/new": BOARD,
    "POST /organise/organisations/<public_id>/memberships/new": BOARD,
    "POST /organise/organisations/<public_id>/people/<person_id>/verify": BOARD,
    "POST /organise/organisations/<public_id>/people/<person_id>/hr": BOARD,
    "GET /organise/organisations/<public_id>/people/<person_id>/reject": BOARD,
    "POST /organise/organisations/<public_id>/people/<person_id>/reject": BOARD,
    "GET /organise/organisations/<public_id>/people/<person_id>/end": BOARD,
    "POST /organise/organisations/<public_id>/people/<person_id>/end": BOARD,
    "GET /organise/memberships": REGISTER,
    "GET /organise/memberships/<public_id>/<act>": BOARD,  # the fee is finance's too: test_memberships.py
    "POST /organise/memberships/<public_id>/<act>": BOARD,
    "GET /organise/plans": REGISTER,
    "GET /organise/plans/new": BOARD,
    "POST /organise/plans/new": BOARD,
    "GET /organise/plans/<slug>": BOARD,
    "POST /organise/plans/<slug>": BOARD,
    "GET /organise/orders": FINANCE,
    "GET /organise/orders/<code>": FINANCE,
    "POST /organise/orders/<code>": FINANCE,
}
