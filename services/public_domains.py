"""Public mail domains: anybody can have an address there, so none of them says where a person works."""

from __future__ import annotations

import re

LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})+")

WORLD = """
gmail.com googlemail.com outlook.com outlook.be outlook.fr hotmail.com hotmail.be hotmail.fr hotmail.co.uk
hotmail.de hotmail.it hotmail.nl live.com live.be live.fr live.nl live.co.uk msn.com passport.com windowslive.com
yahoo.com yahoo.be yahoo.fr yahoo.co.uk yahoo.de yahoo.es yahoo.it ymail.com rocketmail.com icloud.com me.com
mac.com aol.com aim.com proton.me protonmail.com protonmail.ch pm.me gmx.com gmx.net gmx.de gmx.fr gmx.at gmx.ch
web.de mail.com mail.ru inbox.ru list.ru bk.ru yandex.com yandex.ru zoho.com zohomail.eu fastmail.com fastmail.fm
hey.com tutanota.com tuta.com tuta.io tutamail.com mailbox.org posteo.de posteo.net posteo.be startmail.com
runbox.com disroot.org riseup.net hushmail.com qq.com 163.com 126.com sina.com naver.com hanmail.net daum.net
duck.com simplelogin.com mozmail.com privaterelay.appleid.com relay.firefox.com
"""
BENELUX = """
skynet.be proximus.be belgacom.net belgacom.be telenet.be voo.be brutele.be scarlet.be pandora.be tvcablenet.be
base.be mobistar.be orange.be edpnet.be dommel.be numericable.be be.tf yucom.be swing.be versateladsl.be advalvas.be
caramail.com pt.lu internet.lu vo.lu ziggo.nl kpnmail.nl kpnplanet.nl planet.nl hetnet.nl xs4all.nl home.nl
casema.nl upcmail.nl chello.nl solcon.nl zonnet.nl
"""
EUROPE = """
orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr club-internet.fr aliceadsl.fr
cegetel.net t-online.de freenet.de arcor.de 1und1.de libero.it virgilio.it alice.it tiscali.it tin.it bluewin.ch
btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com comcast.net verizon.net att.net
sbcglobal.net seznam.cz centrum.cz wp.pl o2.pl onet.pl interia.pl
"""
THROWN_AWAY = """
mailinator.com yopmail.com yopmail.fr guerrillamail.com 10minutemail.com temp-mail.org trashmail.com sharklasers.com
getnada.com maildrop.cc dispostable.com
"""
PUBLIC_DOMAINS = frozenset(f"{WORLD} {BENELUX} {EUROPE} {THROWN_AWAY}".split())
"""Where anybody gets an address, and the domains of access providers: addresses of households, not of companies."""

ENDINGS = """
co.uk org.uk ac.uk gov.uk nhs.uk ac.be com.au co.jp ac.jp com.br co.nz co.za com.tr com.cn asso.fr gouv.fr com.fr
europa.eu github.io
"""
SHARED_SUFFIXES = frozenset(ENDINGS.split())
"""Endings under which others register: no organisation has one of its own."""


class DomainMalformed(ValueError):
    """This is not the domain of an e-mail address."""


class DomainPublic(ValueError):
    """Anybody can have an address in this domain."""


def clean_domain(text: str) -> str:
    """The domain as addresses are compared by: `@Lysara.Example` → `lysara.example`.

    Names in other scripts are kept in Unicode, as services keep addresses; `xn--…` is decoded (RFC 5891).
    Raises DomainMalformed, and DomainPublic for a public mail domain or one below it.
    """
    domain = text.strip().casefold().rpartition("@")[2].rstrip(".")
    try:
        domain = ".".join(
            label.encode().decode("idna") if label.startswith("xn--") else label for label in domain.split(".")
        )
    except UnicodeError as error:
        raise DomainMalformed(text) from error
    if len(domain) > 190 or not DOMAIN.fullmatch(domain) or domain.rpartition(".")[2].isdecimal():
        raise DomainMalformed(text)
    if is_public(domain):
        raise DomainPublic(domain)
    return domain


def is_public(domain: str) -> bool:
    """Whether anybody can have an address in this domain: it is a public one, below one, or an ending for others."""
    parts = domain.casefold().split(".")
    endings = {".".join(parts[start:]) for start in range(len(parts))}
    return bool(endings & PUBLIC_DOMAINS) or domain.casefold() in SHARED_SUFFIXES
