#!/usr/bin/env python3
"""OpenSSL verifies every signature of issued documents: openssl_verify.py DIR...

Chains with named curves or RSA are verified as chains. OpenSSL refuses chains whose keys carry explicit curve parameters,
which Doc 9303-12 asks for: there each signature is verified by itself with the key of its issuer, taken out by OpenSSL.
"""

import pathlib
import subprocess
import sys
import tempfile

HASHES = {  # digest by the last bytes of the signature algorithm's object identifier
    bytes.fromhex("2a8648ce3d040302"): "sha256",
    bytes.fromhex("2a8648ce3d040303"): "sha384",
    bytes.fromhex("2a8648ce3d040304"): "sha512",
}


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True)
    if done.returncode != 0:
        sys.exit(f"openssl {' '.join(map(str, arguments))}\n{done.stderr.decode()}{done.stdout.decode()}")
    return done.stdout


def element(data, at=0):
    """Tag, whole element and value at a place of DER; the place after it."""
    first, length = data[at + 1], 0
    start = at + 2
    if first & 0x80:
        count = first & 0x7F
        length = int.from_bytes(data[start : start + count], "big")
        start += count
    else:
        length = first
    return data[at], data[at : start + length], data[start : start + length], start + length


def children(value):
    at, found = 0, []
    while at < len(value):
        tag, whole, inner, at = element(value, at)
        found.append((tag, whole, inner))
    return found


def is_explicit(certificate):
    text = openssl("x509", "-inform", "DER", "-in", certificate, "-noout", "-text").decode()
    return "Field Type: prime-field" in text


def verify_alone(work, what, key, hash_name, content, signature):
    (work / "content").write_bytes(content)
    (work / "signature").write_bytes(signature)
    openssl("dgst", f"-{hash_name}", "-verify", key, "-signature", work / "signature", work / "content")
    print(f"    {what}: signature good")


def verify_signed(work, what, key, der):
    """A certificate or a list: content, algorithm, signature."""
    content, algorithm, signature = children(element(der)[2])
    hash_name = HASHES[children(algorithm[2])[0][2]]
    verify_alone(work, what, key, hash_name, content[1], signature[2][1:])


def verify_cms_alone(work, what, key, der):
    """The signature over the signed attributes, and the digest of the content among them."""
    signed_data = children(element(children(element(der)[2])[1][2])[2])
    content = children(children(signed_data[2][2])[1][2])[0][2]
    info = children(element(signed_data[-1][2])[2])
    attributes, algorithm, signature = info[3], info[4], info[5]
    hash_name = HASHES[children(algorithm[2])[0][2]]
    verify_alone(work, what, key, hash_name, b"\x31" + attributes[1][1:], signature[2])
    (work / "content").write_bytes(content)
    digest = openssl("dgst", f"-{hash_name}", "-binary", work / "content")
    assert digest in attributes[2], "the digest of the content is not among the attributes"


def unwrap(data):
    return element(data)[2]


def verify(folder):
    trust, chip = folder / "trust", folder / "chip"
    csca, signer, crl = (trust / name for name in ("csca.cer", "ds.cer", "crl.der"))
    sod = unwrap((chip / "EF.SOD.bin").read_bytes())
    objects = [("EF.SOD", sod)]
    if (chip / "EF.CardSecurity.bin").exists():
        objects.append(("EF.CardSecurity", (chip / "EF.CardSecurity.bin").read_bytes()))
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        for name, path in (("csca", csca), ("signer", signer)):
            openssl("x509", "-inform", "DER", "-in", path, "-out", work / f"{name}.pem")
            (work / f"{name}.key").write_bytes(
                openssl("x509", "-in", work / f"{name}.pem", "-pubkey", "-noout")
            )
        if is_explicit(csca):
            print(f"{folder}: explicit parameters, step by step")
            verify_signed(work, "CSCA", work / "csca.key", csca.read_bytes())
            verify_signed(work, "document signer", work / "csca.key", signer.read_bytes())
            verify_signed(work, "revocation list", work / "csca.key", crl.read_bytes())
            for name, der in objects:
                verify_cms_alone(work, name, work / "signer.key", der)
            return
        print(f"{folder}: as a chain")
        openssl("crl", "-inform", "DER", "-in", crl, "-out", work / "crl.pem")
        openssl("verify", "-check_ss_sig", "-CAfile", work / "csca.pem", work / "csca.pem")
        openssl(
            "verify", "-crl_check", "-CRLfile", work / "crl.pem",
            "-CAfile", work / "csca.pem", work / "signer.pem",
        )
        print("    document signer: chain and revocation list good")
        for name, der in objects:
            (work / "object.der").write_bytes(der)
            openssl(
                "cms", "-verify", "-binary", "-inform", "DER", "-in", work / "object.der",
                "-CAfile", work / "csca.pem", "-purpose", "any", "-out", work / "content",
            )
            print(f"    {name}: signature and chain good")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for argument in sys.argv[1:]:
        verify(pathlib.Path(argument))
