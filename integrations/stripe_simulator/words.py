"""What the payment page of the simulator says, in the languages of the demo. It is no page of Atrium, so its sentences are in
no catalogue."""

from __future__ import annotations

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "payment simulation",
        "sign": "Simulation of a payment page. No card is charged, no money moves.",
        "card": "Pay by card",
        "bancontact": "Pay by Bancontact",
        "sepa_debit": "Pay by SEPA direct debit",
        "takes": "The money arrives half a minute later; with a real bank, some days.",
        "else": "Or try what can go wrong",
        "decline": "A card that is declined",
        "refused_debit": "A direct debit that the bank refuses",
        "run_out": "The page runs out",
        "declined": "The card was declined (simulated). Choose another way, or leave.",
        "expired": "This page has run out. Nothing was paid.",
        "paid": "This is paid already.",
        "leave": "Leave without paying",
        "back": "Back to the order",
    },
    "fr": {
        "title": "simulation de paiement",
        "sign": "Simulation d’une page de paiement. Aucune carte n’est débitée, aucun argent ne bouge.",
        "card": "Payer par carte",
        "bancontact": "Payer par Bancontact",
        "sepa_debit": "Payer par domiciliation SEPA",
        "takes": "L’argent arrive une demi-minute plus tard ; avec une vraie banque, quelques jours.",
        "else": "Ou essayez ce qui peut mal tourner",
        "decline": "Une carte refusée",
        "refused_debit": "Une domiciliation que la banque refuse",
        "run_out": "La page expire",
        "declined": "La carte a été refusée (simulation). Choisissez un autre moyen, ou quittez la page.",
        "expired": "Cette page a expiré. Rien n’a été payé.",
        "paid": "C’est déjà payé.",
        "leave": "Quitter sans payer",
        "back": "Retour à la commande",
    },
    "nl": {
        "title": "betaalsimulatie",
        "sign": "Simulatie van een betaalpagina. Er wordt geen kaart belast, er beweegt geen geld.",
        "card": "Betalen met kaart",
        "bancontact": "Betalen met Bancontact",
        "sepa_debit": "Betalen met SEPA-domiciliëring",
        "takes": "Het geld komt een halve minuut later; bij een echte bank enkele dagen.",
        "else": "Of probeer wat er mis kan gaan",
        "decline": "Een kaart die wordt geweigerd",
        "refused_debit": "Een domiciliëring die de bank weigert",
        "run_out": "De pagina verloopt",
        "declined": "De kaart werd geweigerd (simulatie). Kies een andere manier, of verlaat de pagina.",
        "expired": "Deze pagina is verlopen. Er is niets betaald.",
        "paid": "Dit is al betaald.",
        "leave": "Verlaten zonder te betalen",
        "back": "Terug naar de bestelling",
    },
}


def words_of(locale: str | None) -> dict[str, str]:
    """The words of a language; English for any other."""
    return WORDS.get(str(locale), WORDS["en"])
