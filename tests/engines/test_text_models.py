ODD_TEXTS = [
    "İstanbul'da IŞIK, free!",
    "Straße STRASSE ẞ spam",
    "ΣΊΣΥΦΟΣ Σ ας",
    "cafe\u0301 café CAFÉ",
    "👩‍👩‍👧 😀 free call",
    "日本語 テスト",
    "",
    "the and of",
    "win  win\t\tWIN\n\nham",
]
TEXTS = [
    "spam eggs now",
    "ham and eggs",
    "FREE Spam, win win win",
    "Ünder the sea, ΣΊΣΥΦΟΣ",
    "call me at the café",
    "win eggs in İstanbul",
    "日本語 spam 😀",
    "die Straße am Meer",
] * 9
LABELS = [1, 0, 1, 0, 0, 1, 1, 0] * 9


def texts_for():
    return ODD_TEXTS + TEXTS[:8]
