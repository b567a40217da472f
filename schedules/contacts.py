"""People's contact data: what is acceptable, and how it looks to those who need not know it.

The only module that masks; logs, audit rows and lists show what these functions give back.
"""

from __future__ import annotations

import re

import phonenumbers

REGION = "CN"
E164 = phonenumbers.PhoneNumberFormat.E164
MOBILE = re.compile(r"1\d{10}")
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
LONGEST_EMAIL = 254


def is_phone(text: str) -> bool:
    """Whether this can be dialled from the district: a mobile or landline number, with or without country code."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_possible_number(number))


def international_phone(text: str) -> str | None:
    """+8613812345678 of a number that can be dialled from the district, however it is written."""
    return phonenumbers.format_number(phonenumbers.parse(text, REGION), E164) if is_phone(text) else None


def is_email(text: str) -> bool:
    """Whether this has the form of an e-mail address; nobody can know without sending whether it leads anywhere."""
    return len(text) <= LONGEST_EMAIL and EMAIL.fullmatch(text) is not None and ".." not in text


def masked_phone(phone: str) -> str:
    """138****5678 of a mobile number, 021-5742**** of a landline, the first three digits of anything else."""
    digits = re.sub(r"\D", "", phone)
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    if MOBILE.fullmatch(digits):
        return f"{digits[:3]}****{digits[-4:]}"
    if digits.startswith("0") and len(digits) >= 10:
        area = 3 if digits[1] in "12" else 4
        return f"{digits[:area]}-{digits[area:-4]}****"
    return digits[:3] + "****"


def masked_name(name: str) -> str:
    """The surname and a star for each sign that follows: 陆燕 becomes 陆*."""
    name = name.strip()
    return name[:1] + "*" * max(1, min(len(name) - 1, 3))


def masked_email(address: str) -> str:
    """The first letter and the domain: l***@example.org."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
