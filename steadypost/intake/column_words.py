"""What people and their tools call the columns of a table of posts, in several languages."""

from __future__ import annotations

import re

# No word stands for the key: two sheets that count their rows would change each other's posts.
_WORDS = {
    "text": """text, message, content, caption, copy, tweet, toot, body, post, post text, post copy, post content,
        post message, message text, social copy
        nachricht, beitrag, beitragstext, inhalt, tekst, bericht, texte, contenu, légende, texto, mensaje, contenido,
        publicación, testo, messaggio, contenuto, didascalia, mensagem, conteúdo, legenda, postagem
        テキスト, 本文, 投稿, 投稿内容, 内容, 文章, メッセージ, 正文, 내용, 본문""",
    "accounts": """accounts, account, profile, profiles, channel, channels, social profile, social profiles,
        social account, social accounts
        konto, konten, kanal, kanäle, profil, profile, kanaal, accountnaam, compte, comptes, profils, canal, canaux,
        cuenta, cuentas, perfil, perfiles, canales, profilo, profili, canale, canali, conta, contas, perfis, canais
        アカウント, プロフィール, チャンネル, 账号, 帐号, 계정""",
    "when": """when, date time, datetime, date and time, posting time, post at, publish at, published at, scheduled at,
        scheduled for, schedule, scheduled, schedule time, schedule date time, scheduled date time, publishing time
        zeitpunkt, termin, datum uhrzeit, datum und uhrzeit, datum zeit, wann, tijdstip, datum tijd, datum en tijd
        date heure, date et heure, quand, fecha hora, fecha y hora, cuándo, data ora, data e ora, quando, data hora,
        data e hora
        日時, 投稿日時, 公開日時, 予約日時, 配信日時, 时间日期, 日期时间, 발행일시, 일시""",
    "date": """date, day, post date, posting date, publish date, publication date, publishing date, scheduled date,
        schedule date
        datum, tag, postdatum, veröffentlichung, veröffentlichungsdatum, erscheinungsdatum, publicatiedatum
        jour, date de publication, fecha, fecha de publicación, data, data di pubblicazione, data de publicação
        日付, 投稿日, 公開日, 日期, 날짜""",
    "time": """time, hour, post time, publish time, publication time, scheduled time, time 24hr
        uhrzeit, zeit, tijd, heure, heure de publication, hora, hora de publicación, ora, horário
        時刻, 時間, 投稿時刻, 投稿時間, 时间, 시간""",
    "zone": """zone, timezone, time zone, tz
        zeitzone, tijdzone, fuseau, fuseau horaire, zona horaria, fuso orario, fuso horário
        タイムゾーン, 时区, 시간대""",
    "images": """images, image, image url, image urls, image link, image links, picture, pictures, picture url, photo,
        photos, photo url, media, media url, media urls, image file, attachment, attachments
        bild, bilder, bild url, foto, fotos, medien, anhang, afbeelding, afbeeldingen, image lien, médias, média
        imagen, imágenes, foto url, immagine, immagini, imagem, imagens, mídia
        画像, 写真, 画像url, 图片, 이미지, 사진""",
    "alt": """alt, alt text, image alt, image alt text, alternative text, image description, alt text picture,
        alt text image, picture alt text
        alternativtext, alt tekst, bildbeschreibung, texte alternatif, texto alternativo, testo alternativo
        代替テキスト, 替代文字, 대체 텍스트""",
    "labels": """labels, label, tags, tag, category, categories, topic
        schlagwort, schlagwörter, schlagworte, stichwort, stichwörter, kategorie, étiquette, étiquettes, catégorie,
        etiqueta, etiquetas, categoría, etichetta, etichette, categoria
        タグ, ラベル, カテゴリ, カテゴリー, 标签, 태그""",
    "link": """link, url, link url, links, website
        lien, liens, enlace, collegamento
        リンク, 链接, 링크""",
    "repeat": "repeat, recurrence, wiederholung, répétition, repetición, ripetizione, 繰り返し",
    "reply_to": "reply to, in reply to, antwort auf, réponse à, respuesta a",
}


def _key(name: str) -> str:
    return "_".join(re.split(r"[\s_/&+-]+", name.casefold().strip()))


_FIELDS = {
    _key(word): field
    for field, words in _WORDS.items()
    for line in words.splitlines()
    for word in line.split(",")
    if word.strip()
}
_EXPLAINED = re.compile(r"[\s_]*[(\[（].*[)\]）]\s*$")
_NUMBERED = re.compile(r"(?P<before>.*?\D)[\s_#-]*(?P<number>\d{1,2})(?P<behind>\D*)")
_SEVERAL = frozenset({"images", "alt"})
"""Of these a table may have several columns with a number each."""


def field_called(name: str) -> str | None:
    """Give the field that a column's name means; the third of several image columns is ``images#3``."""
    plain = _EXPLAINED.sub("", name)
    if found := _FIELDS.get(_key(plain)):
        return found
    if (numbered := _NUMBERED.fullmatch(plain.casefold())) is None:
        return None
    field = _FIELDS.get(_key(f"{numbered['before']} {numbered['behind']}".strip(" _-")))
    return f"{field}#{int(numbered['number'])}" if field in _SEVERAL else None
