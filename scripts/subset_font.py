#!/usr/bin/env python3
"""Makes the two fonts of `crates/documents/fonts` from the npm package `@expo-google-fonts/noto-sans-sc`.

Kept are the characters of GB 2312, of ASCII and Latin-1, of every text of the repository that may be printed (packs, locales, demo,
templates of the crate), and some two hundred characters that occur in names of persons and places and came into use
after GB 2312. Hints and vertical metrics go: print and screen readers need neither.

    pip install fonttools==4.68.0
    scripts/subset_font.py            # npm pack, check the digest, write the fonts
    scripts/subset_font.py FILE.tgz   # the same from a package that is there already

The result is the same bytes for the same inputs: no time stamp is written.
"""

import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from fontTools import subset
from fontTools.ttLib import TTFont

PACKAGE = "@expo-google-fonts/noto-sans-sc@0.4.3"
PACKAGE_SHA256 = "0d69d0f4971d2ff574e3d93cbc218dc950bf3f3f8f8e2c008d97687ed53aee59"
FACES = {
    "NotoSansSC-Regular.ttf": "package/400Regular/NotoSansSC_400Regular.ttf",
    "NotoSansSC-Bold.ttf": "package/700Bold/NotoSansSC_700Bold.ttf",
}
LICENSE = "package/LICENSE_FONT"
ROOT = pathlib.Path(__file__).resolve().parent.parent
FONTS = ROOT / "crates" / "documents" / "fonts"
# What may be printed. Binary files among them are passed over.
TEXTS = ["packs", "web/locales", "demo", "crates/documents/src"]
# Marks of print and reading that GB 2312 lacks.
MARKS = "\u00a0–—−‐‑•…‰€¥©®™✓〇￥々"
# In names, and younger than GB 2312 (they stand in the table of general standard characters of 2013).
NAMES = (
    "玥珺喆堃镕淏翀昇玹旻琎珩瑄璟瓅赟曌煊熠焜燊烜暟晢昉玮珈琲琬瑀瑒瑢璇璎璘璠瓒祎祺禛禵垚垕埈埕堉堽塱塬墉奭妘妤姞姮姵婠婧婳媄嬿孖孛"
    "峣崚崟嵚嵩巍弢彧徕忻怡恺惇惪愔慜懋戬戭扆扬抃捃揆摛敉敔斓旸昀昳晞晟晧晫晸暄暕暐曈杕枞柃柷栩桄桉桢桲梽棣棪椿楙楠榑槃樘橦欸歆毓汭沄沚泓泠泱洢洮洺浠浥浯涢涴淇淓淠淼渌渟渼湜湉溁溦滟滢漪潇潆澂澍澔濛瀛"
    "灏炅炆炘炜炣烔烨焱焯煐煜熇熙燚爔牂犨猗珅珒珝珣珧珽琇琊琚琛琤琦琨瑆瑗瑛瑨瑭瑱璁璆璈璐璕璜璟璨璩瓘畇畯皓皞盱睎睿矞砀硚碶祃祐祲禔禕禤秾稑穄竑笕筠箬箖篁粼缃缦翙翚翯聿肜臻舢芃芊芮苁苡茀茆茏茜荇荦荭荻莜莞莨菂菡菀萁萱葳蒨蓁蓥蔚薿藿蘅虓蚬蜎蜓蜻衎衍袆袗"
    "裎裒觌訚訢詝誉谖谞谡豨豳贇赑跣踽轵轶轸辀辂逄逯郃郄郐郗郚郯郿鄞鄢鄯酂醴釭钊钜钰钺铉铖铚铠铧铨铭铱锃锜锴锵镃镒镛镠镡镫镱镲闳闿阇阗阮陟隃隽雩雯霁霈霏霖霦霭靓靖鞠韡韫韪颀颉颋颎颙颢飏飔飚馗馥騄驭骃骁骅骉骎骏骐骕骢骦骧鬯鲲鲶鸑鸣鸷鹍鹓鹔鹭鹮麟黉黼鼐鼒龑龢"
    "涔濂瀚玘玠玢玭玿珂珦珙琏瑜禹禺禾筱箐篪綦縠繇纮纾绂绛绡绮缇缊缙罡罙羑翃翾耔耜耿聃肸胤脩艾芎芑芗苾茝荛荃荩荪莘莳菁菶葙葭蒍蒽蓂蔻蕤薏薰藜蘋蚺蛟蝾"
)


def wanted():
    """Every code point that has to be there."""
    found = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100))
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                pass
    found.update(map(ord, MARKS + NAMES))
    for folder in TEXTS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file():
                try:
                    found.update(map(ord, path.read_text("utf-8")))
                except UnicodeDecodeError:
                    pass
    return {code for code in found if code >= 0x20}


def options():
    chosen = subset.Options()
    chosen.hinting = False
    chosen.layout_features = ["kern"]
    chosen.notdef_outline = True
    chosen.name_IDs = ["*"]
    chosen.drop_tables += ["vhea", "vmtx", "BASE", "STAT", "gasp"]
    chosen.recalc_timestamp = False
    return chosen


def main():
    if len(sys.argv) > 1:
        package = pathlib.Path(sys.argv[1]).read_bytes()
    else:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
            package = next(pathlib.Path(folder).glob("*.tgz")).read_bytes()
    found = hashlib.sha256(package).hexdigest()
    if found != PACKAGE_SHA256:
        sys.exit(f"{PACKAGE} has digest {found}, expected {PACKAGE_SHA256}")
    FONTS.mkdir(parents=True, exist_ok=True)
    codes = wanted()
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for name, member in FACES.items():
            font = TTFont(archive.extractfile(member), recalcTimestamp=False)
            lacking = sorted(code for code in codes if code not in font.getBestCmap())
            if lacking:
                print(f"{name}: not in the font: {' '.join(f'{chr(code)} U+{code:04X}' for code in lacking)}")
            work = subset.Subsetter(options())
            work.populate(unicodes=codes)
            work.subset(font)
            font.save(FONTS / name)
            print(f"{name}: {len(font.getBestCmap())} characters, {(FONTS / name).stat().st_size} bytes")
        (FONTS / "OFL.txt").write_bytes(archive.extractfile(LICENSE).read())


if __name__ == "__main__":
    main()
