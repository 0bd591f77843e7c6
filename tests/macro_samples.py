"""One drawing of each macro file, and words it must show. `area`, `form` and `Thing` are given."""

SAMPLES: dict[str, tuple[str, str]] = {
    "bulk": (
        "{% from 'macros/bulk.html' import bulk, pick, pick_all %}<form>{{ pick_all() }}{{ pick('x', 'Bob') }}"
        "{% call bulk() %}<button>Write</button>{% endcall %}</form>",
        "With those chosen Write",
    ),
    "chart": (
        "{% from 'macros/chart.html' import fill_chart %}"
        "{{ fill_chart([(0, 0), (3, 5), (7, 9)], 16, 'Nine of sixteen', 'From 0 to 9.', minimum=8, days=['1 May', 'today']) }}"
        "{{ fill_chart([], 0, 'Nobody yet', 'Nothing.') }}",
        "8 needed",
    ),
    "checklist": (
        "{% from 'macros/checklist.html' import checklist, item %}"
        "{% call checklist() %}{{ item('Dates', 'done') }}{{ item('Terms', 'must', '#', 'Add') }}{{ item('Dutch') }}{% endcall %}",
        "Done: Dates",
    ),
    "dock": (
        "{% from 'macros/dock.html' import dock %}{{ dock('€420', '3 places left', 'Enrol', '#') }}",
        "3 places left",
    ),
    "emblem": (
        "{% from 'macros/emblem.html' import chip, chips, mark, shape %}"
        "{{ mark() }}{{ shape(area.emblem, large=true) }}{{ chips([area, area]) }}{{ chip(area, '/areas/x') }}",
        "Biopharmacy Biopharmacy",
    ),
    "empty": (
        "{% from 'macros/empty.html' import empty %}{{ empty('Nothing yet.', '#', 'See all', area) }}",
        "Nothing yet. See all",
    ),
    "event_row": (
        "{% from 'macros/event_row.html' import event_row %}<ul>"
        "{% call event_row('/e', 'Libérer un lot', Thing(iso='2026-12-01', weekday='Tue', day='1', month='Dec'), 'Namur', [area], 'fr') %}"
        "<p>Free</p>{% endcall %}{{ event_row('/e', 'Today', Thing(iso='2026-12-01T09:00', hour='9:00'), 'Liège', level=2) }}</ul>",
        "Namur Free 9:00",
    ),
    "facts": (
        "{% from 'macros/facts.html' import fact, facts, facts_of %}{% call facts(money=true) %}"
        "{{ fact('Price', '€420') }}{{ fact('To pay', '€508', note='by Monday', total=true) }}{% endcall %}{{ facts_of([('Room', 'Curie')]) }}",
        "€508by Monday",
    ),
    "fields": (
        "{% from 'macros/fields.html' import action, beside, buttons, field, form_of, group, per_language, post %}"
        "{% call form_of(form, multipart=true) %}{{ beside([form.name, form.organisation]) }}"
        "{{ field(form.payer, hints={'me': 'By transfer'}, ends={'us': '€420'}) }}{{ field(form.price, before='€', class='short') }}"
        "{% call group('Texts', 'One is enough.') %}{{ per_language([('fr', 'Français', [form.need])]) }}{% endcall %}"
        "{% call buttons('Save', '/') %}{% endcall %}{{ action('Hold my place', 'Nothing is charged yet') }}{% endcall %}"
        "{{ post('/undo', 'Undo', 'link', about='Bob') }}",
        "I do By transfer",
    ),
    "filters": (
        "{% import 'macros/filters.html' as f %}{% call f.filters('/events', chosen=1) %}{{ f.search() }}"
        "{{ f.facet('Area', 'area', [Thing(value='a', label='', area=area, count=3, checked=true)]) }}"
        "{{ f.select('Place', 'place', [Thing(value='', label='Anywhere', checked=true)]) }}{{ f.date('From', 'from') }}"
        "{% endcall %}{{ f.chosen('Biopharmacy', '#') }}",
        "1 chosen",
    ),
    "flash": (
        "{% from 'macros/flash.html' import flashes %}{{ flashes([('success', 'Saved.'), ('danger', 'Not sent.')]) }}",
        "Not sent.",
    ),
    "month": (
        "{% from 'macros/month.html' import month %}{{ month('May', ['Monday'], [[Thing(iso='2026-05-01', day=1, weekday='Mon', other=false,"
        " today=true, events=[Thing(href='#', title='Breakfast', hour='8:00', area=area), Thing(href='#', title='Talk', hour='9:00', area=none)])]]) }}",
        "Biopharmacy: 8:00 Breakfast",
    ),
    "nav": (
        "{% from 'macros/nav.html' import links %}{{ links([('Events', '/events', false)], '/events/x', 'Main') }}",
        "Events",
    ),
    "pages": (
        "{% from 'macros/pages.html' import pages %}{{ pages(9, 16, 26, '#', '#') }}{{ pages(1, 3, 3) }}",
        "9 to 16 of 26",
    ),
    "people": (
        "{% from 'macros/people.html' import act, people, person_row %}{% call people() %}"
        "{% call person_row('Bob', 'Lysara', present=true) %}{{ act('Review', '#', 'Bob') }}{% endcall %}{% endcall %}",
        "BobLysara Review, Bob",
    ),
    "places": (
        "{% from 'macros/places.html' import fill, places, taken_of %}{{ places(3, 16, of=true) }}{{ places(none, none) }}"
        "{{ places(0, 16, waiting_list=true) }}{{ places(9, 16, needed=2) }}{{ fill(1, 2, 'half') }}{{ taken_of(13, 16, 'Annex 1') }}",
        "3 places left of 16",
    ),
    "price": (
        "{% from 'macros/price.html' import price %}{{ price('€420', 'as a member', big=true, small='VAT on top') }}",
        "€420 as a member VAT on top",
    ),
    "problems": (
        "{% from 'macros/problems.html' import problem_list %}{{ problem_list('Full', ['No place left.', Thing(text='Wait', href='#w')]) }}",
        "Full No place left.Wait",
    ),
    "progress": (
        "{% from 'macros/progress.html' import progress, still_running %}{{ still_running() }}{{ progress(4, 9, 'Being written.') }}",
        "4 of 9",
    ),
    "qr": (
        "{% from 'macros/qr.html' import qr, reference %}{{ qr('<svg/>' | safe, 'QR code') }}{{ reference('+++1+++') }}",
        "+++1+++",
    ),
    "slots": (
        "{% from 'macros/slots.html' import slot, slots %}"
        "{% call slots() %}{{ slot('Tuesday', 'Air and water.', done=true, note='Curie', iso='2026-12-01') }}{% endcall %}",
        "Tuesday Air and water.Curie",
    ),
    "stats": (
        "{% from 'macros/stats.html' import stat, stats %}{% call stats() %}{{ stat(214, 'filled', small='of 268', href='#') }}{% endcall %}",
        "filled214 of 268",
    ),
    "status": (
        "{% from 'macros/status.html' import status %}{{ status('confirmed', 'You are going') }}",
        "You are going",
    ),
    "steps": (
        "{% from 'macros/steps.html' import steps %}{{ steps(['Event', 'You', 'Payment'], 1) }}",
        "EventYouPayment",
    ),
    "structured": (
        "{% from 'macros/structured.html' import json_ld %}{{ json_ld({'name': '</script>'}) }}",
        "\\u003c/script",
    ),
    "views": (
        "{% from 'macros/views.html' import tabs, views %}{{ views([('List', '#', true)]) }}{{ tabs([('Door', '#', true)], 'Event') }}",
        "ListDoor",
    ),
}
