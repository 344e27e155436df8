"""Languages by any code: which code of a model stands for which language."""

import pytest

from exonym.errors import RecipeError
from exonym.translate import code_for
from exonym.translate.languages import excludes

listed = str.split

# Of FLORES-200; NLLB-200 knows all but arb_Latn and min_Arab.
FLORES = listed("""
ace_Arab ace_Latn acm_Arab acq_Arab aeb_Arab afr_Latn ajp_Arab aka_Latn amh_Ethi apc_Arab arb_Arab arb_Latn ars_Arab
ary_Arab arz_Arab asm_Beng ast_Latn awa_Deva ayr_Latn azb_Arab azj_Latn bak_Cyrl bam_Latn ban_Latn bel_Cyrl bem_Latn
ben_Beng bho_Deva bjn_Arab bjn_Latn bod_Tibt bos_Latn bug_Latn bul_Cyrl cat_Latn ceb_Latn ces_Latn cjk_Latn ckb_Arab
crh_Latn cym_Latn dan_Latn deu_Latn dik_Latn dyu_Latn dzo_Tibt ell_Grek eng_Latn epo_Latn est_Latn eus_Latn ewe_Latn
fao_Latn fij_Latn fin_Latn fon_Latn fra_Latn fur_Latn fuv_Latn gaz_Latn gla_Latn gle_Latn glg_Latn grn_Latn guj_Gujr
hat_Latn hau_Latn heb_Hebr hin_Deva hne_Deva hrv_Latn hun_Latn hye_Armn ibo_Latn ilo_Latn ind_Latn isl_Latn ita_Latn
jav_Latn jpn_Jpan kab_Latn kac_Latn kam_Latn kan_Knda kas_Arab kas_Deva kat_Geor kaz_Cyrl kbp_Latn kea_Latn khk_Cyrl
khm_Khmr kik_Latn kin_Latn kir_Cyrl kmb_Latn kmr_Latn knc_Arab knc_Latn kon_Latn kor_Hang lao_Laoo lij_Latn lim_Latn
lin_Latn lit_Latn lmo_Latn ltg_Latn ltz_Latn lua_Latn lug_Latn luo_Latn lus_Latn lvs_Latn mag_Deva mai_Deva mal_Mlym
mar_Deva min_Arab min_Latn mkd_Cyrl mlt_Latn mni_Beng mos_Latn mri_Latn mya_Mymr nld_Latn nno_Latn nob_Latn npi_Deva
nso_Latn nus_Latn nya_Latn oci_Latn ory_Orya pag_Latn pan_Guru pap_Latn pbt_Arab pes_Arab plt_Latn pol_Latn por_Latn
prs_Arab quy_Latn ron_Latn run_Latn rus_Cyrl sag_Latn san_Deva sat_Beng scn_Latn shn_Mymr sin_Sinh slk_Latn slv_Latn
smo_Latn sna_Latn snd_Arab som_Latn sot_Latn spa_Latn als_Latn srd_Latn srp_Cyrl ssw_Latn sun_Latn swe_Latn swh_Latn
szl_Latn tam_Taml taq_Latn taq_Tfng tat_Cyrl tel_Telu tgk_Cyrl tgl_Latn tha_Thai tir_Ethi tpi_Latn tsn_Latn tso_Latn
tuk_Latn tum_Latn tur_Latn twi_Latn tzm_Tfng uig_Arab ukr_Cyrl umb_Latn urd_Arab uzn_Latn vec_Latn vie_Latn war_Latn
wol_Latn xho_Latn ydd_Hebr yor_Latn yue_Hant zho_Hans zho_Hant zsm_Latn zul_Latn
""")

M2M100 = listed("""
af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy id ig
ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no ns oc or pa pl ps pt ro ru sd si sk sl so
sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu
""")

MASAKHANER = listed("bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul")
# XTREME's PAN-X, with what XTREME-R added.
PANX = listed("""
ar:arb_Arab he:heb_Hebr vi:vie_Latn id:ind_Latn jv:jav_Latn ms:zsm_Latn tl:tgl_Latn eu:eus_Latn ml:mal_Mlym ta:tam_Taml
te:tel_Telu af:afr_Latn nl:nld_Latn en:eng_Latn de:deu_Latn el:ell_Grek bn:ben_Beng hi:hin_Deva mr:mar_Deva ur:urd_Arab
fa:pes_Arab fr:fra_Latn it:ita_Latn pt:por_Latn es:spa_Latn bg:bul_Cyrl ru:rus_Cyrl ja:jpn_Jpan ka:kat_Geor ko:kor_Hang
th:tha_Thai sw:swh_Latn yo:yor_Latn my:mya_Mymr zh:zho_Hans kk:kaz_Cyrl tr:tur_Latn et:est_Latn fi:fin_Latn hu:hun_Latn
az:azj_Latn gu:guj_Gujr lt:lit_Latn pa:pan_Guru pl:pol_Latn qu:quy_Latn ro:ron_Latn uk:ukr_Cyrl
""")


def test_there_are_as_many_as_there_should_be():
    assert (len(set(FLORES)), len(set(M2M100)), len(MASAKHANER), len(PANX)) == (204, 100, 20, 48)


@pytest.mark.parametrize("code", MASAKHANER)
def test_masakhaner_in_flores(code):
    if code in ("bbj", "pcm"):  # Ghomala' and Nigerian Pidgin
        with pytest.raises(RecipeError, match=f"found '{code}', which NLLB does not know; expected one of the 204"):
            code_for(code, FLORES, "NLLB")
    else:
        expected = {"swa": "swh"}.get(code, code)
        assert code_for(code, FLORES, "NLLB") == f"{expected}_Latn"


@pytest.mark.parametrize("pair", PANX)
def test_panx_in_flores(pair):
    code, _, expected = pair.partition(":")
    assert code_for(code, FLORES, "NLLB") == expected


@pytest.mark.parametrize(
    ("code", "flores", "m2m100"),
    [
        ("eng", "eng_Latn", "en"),  # CoNLL, Europarl
        ("deu", "deu_Latn", "de"),
        ("ger", "deu_Latn", "de"),
        ("esp", "spa_Latn", "es"),
        ("ned", "nld_Latn", "nl"),
        ("swh_Latn", "swh_Latn", "sw"),
        ("zh-TW", "zho_Hant", None),
        ("zho_Hans", "zho_Hans", "zh"),
        ("no", "nob_Latn", "no"),
        ("nb", "nob_Latn", "no"),
        ("lv", "lvs_Latn", "lv"),
        ("sq", "als_Latn", "sq"),
        ("mon", "khk_Cyrl", "mn"),
        ("nso", "nso_Latn", "ns"),
        ("iw", "heb_Hebr", "he"),
        ("ak", "aka_Latn", None),
        ("ks_Deva", "kas_Deva", None),
        ("sat", "sat_Beng", None),  # mostly in another script, but the model has this one only
        ("sr_Latn", None, None),  # a script that was asked for is not given up
    ],
)
def test_other_codes(code, flores, m2m100):
    for known, expected in ((FLORES, flores), (M2M100, m2m100)):
        if expected is None:
            with pytest.raises(RecipeError, match="does not know"):
                code_for(code, known, "it")
        else:
            assert code_for(code, known, "it") == expected


def test_codes_of_a_model_are_its_own():
    assert all(code_for(code, FLORES, "NLLB") == code for code in FLORES)
    assert all(code_for(code, M2M100, "M2M100") == code for code in M2M100)


def test_the_nearest_are_named():
    with pytest.raises(RecipeError, match=r"Nearest: eng_Latn"):
        code_for("pcm", FLORES, "NLLB")
    with pytest.raises(RecipeError, match=r"found 'arz', which M2M100 does not know.*Nearest: ar\b"):
        code_for("arz", M2M100, "M2M100")
    with pytest.raises(RecipeError, match="Did you mean 'swh_Latn'"):
        code_for("swh_Latin", FLORES, "NLLB")
    with pytest.raises(RecipeError, match="found 'klingonish'; expected a code of ISO 639"):
        code_for("klingonish", M2M100, "M2M100")


def test_a_country_wins_where_a_model_has_it():
    known = ["pt", "pt_br", "zho"]
    assert [code_for(code, known, "it") for code in ("por", "pt-BR", "zh")] == ["pt", "pt_br", "zho"]


def test_families_of_languages_exclude_none():
    assert excludes("de", "nl")
    assert not excludes("deu", "de")
    assert not excludes("gmw", "nl")
    assert not excludes("ROMANCE", "nl")
