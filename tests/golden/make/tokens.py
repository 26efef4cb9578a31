#!/usr/bin/env python3
"""Small vocabularies, texts, and the tokens that Hugging Face's `tokenizers` gives for them, for
tests/io/test_tokenizer_bpe.c and test_tokenizer_wordpiece.c.

A case is two lines: the text's bytes in hexadecimal, and the tokens, [CLS] and [SEP] left out.
"""
import collections
import pathlib
import random
import struct

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

out = pathlib.Path(__file__).resolve().parent.parent / "tokenizers"
out.mkdir(exist_ok=True)
random.seed(11)
TEXTS = ["", " ", "once upon a time", "Once upon a time, there was a little girl.", "  two  spaces ", "line\nend\ttab\r\n",
         "naïve café À la carte", "Ångström ﬁ ½", "don't stop!!! (now)", "中文字 and 漢字kana カタカナ", "한국어 텍스트", "Ελλάδα ΟΔΟΣ", "İstanbul ǅ",
         "a\u0301\u0323 combining", "zero\u200bwidth\ufeff", "\u00a0nbsp\u3000wide", "emoji 😀👍🏽", "x" * 99, "y" * 101, "$+<=>^`|~", "“quotes” — dash…",
         "мир Й й", "3.14 1,000", "the the the", "aaaaaaaaaa", "\u2028line\u2029paragraph", "\ue000private", "ﷺ ﬃ", "ꓸꓹ", "𝒜𝔘", "unfathomableness"]
WORDS = "the of and to in a is that for it was on are as with his they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know".split()


def cases(path, encode, texts):
    path.write_text("".join(f"{t.encode().hex()}\n{' '.join(map(str, encode(t)))}\n" for t in texts))


def random_text():
    pools = ["abc theof", "àéîõü ÀÉ", "中文漢", "한글", ".,!?-$", "абвЁ", "\u0301\u0308", "😀\u200d", " \t\n"]
    return "".join(random.choice(random.choice(pools)) for _ in range(random.randint(1, 30)))


texts = TEXTS + [random_text() for _ in range(60)]

# WordPiece: special tokens, letters of several scripts with and without "##", words and endings.
letters = "abcdefghijklmnopqrstuvwxyz0123456789.,!?-'()中文字漢абвгдеёийамирελλαδοσ가" + "".join(chr(c) for c in range(0x1100, 0x1200, 3))
vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
vocabulary += list(dict.fromkeys(letters)) + ["##" + c for c in dict.fromkeys(letters)]
vocabulary += [w for w in WORDS if len(w) > 1] + ["##" + e for e in ["ing", "ed", "able", "ness", "on", "pon", "x" * 10]] + ["un", "once", "café"]
vocabulary = list(dict.fromkeys(vocabulary))
(out / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
for cased in (False, True):
    wordpiece = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]", max_input_chars_per_word=100))
    wordpiece.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=not cased, lowercase=not cased)
    wordpiece.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cases(out / ("wordpiece_cased.txt" if cased else "wordpiece.txt"), lambda t: wordpiece.encode(t).ids, texts)

# BPE: bytes, characters, then unions by frequency in made-up text; the score is minus the rank.
corpus = [" " + " ".join(random.choice(WORDS) for _ in range(400))]
pieces = ["<unk>", "\n<s>\n", "\n</s>\n"] + [f"<0x{b:02X}>" for b in range(256)]
symbols = list(corpus[0])
unions = []
for _ in range(120):
    counts = collections.Counter(zip(symbols, symbols[1:]))
    (a, b), _ = max(counts.items(), key=lambda item: (item[1], item[0]))
    unions.append(a + b)
    joined, i = [], 0
    while i < len(symbols):
        pair = symbols[i:i + 2] == [a, b]
        joined.append(a + b if pair else symbols[i])
        i += 2 if pair else 1
    symbols = joined
unions = list(dict.fromkeys(unions))
characters = list(dict.fromkeys(" " + "".join(WORDS) + "Oé中,."))
ranked = [(p, -float(i)) for i, p in enumerate(unions)]
entries = [(p, 0.0) for p in pieces] + ranked + [(c, -1000.0 - i) for i, c in enumerate(characters)]
blob = struct.pack("<i", max(len(p.encode()) for p, _ in entries))
for piece, score in entries:
    blob += struct.pack("<fi", score, len(piece.encode())) + piece.encode()
(out / "bpe.bin").write_bytes(blob)
numbers = {p: i for i, (p, _) in enumerate(entries)}
merges = [(p[:k], p[k:]) for p, _ in ranked for k in range(1, len(p)) if p[:k] in numbers and p[k:] in numbers]
bpe = Tokenizer(models.BPE(numbers, merges, byte_fallback=True, unk_token="<unk>"))
cases(out / "bpe.txt", lambda t: bpe.encode(" " + t).ids if t else [], texts)
