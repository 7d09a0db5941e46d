//! Worked examples of Doc 9303-11, appendices D, G and H, and agreement between the parts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use proptest::prelude::*;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use rilascio_keys::{
    CipherSuite, Curve, CurveEncoding, EcPrivateKey, HashAlgorithm, KeyUse, MasterKey, PrivateKey,
    PublicKey, RsaPrivateKey, RsaSize, SessionKeys, SignatureAlgorithm, Signer, map_generator,
    rsa_public_operation,
};

fn hex(text: &str) -> Vec<u8> {
    let text: String = text.split_whitespace().collect();
    (0..text.len() / 2)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

#[test]
fn derives_the_3des_keys_of_appendix_d_1() {
    let keys = SessionKeys::derive(
        CipherSuite::TripleDes,
        &hex("239AB9CB282DAF66231DC5A4DF6BFBAE"),
    );
    assert_eq!(*keys.encryption, hex("AB94FDECF2674FDFB9B391F85D7F76F2"));
    assert_eq!(*keys.mac, hex("7962D9ECE03D1ACD4C76089DCE131543"));
}

#[test]
fn computes_the_retail_mac_of_appendix_d_3() {
    let key = hex("7962D9ECE03D1ACD4C76089DCE131543");
    let text =
        hex("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2 8000000000000000");
    assert_eq!(
        CipherSuite::TripleDes.mac(&key, &text).unwrap().to_vec(),
        hex("5F1448EEA8AD90A7")
    );
}

#[test]
fn derives_the_aes_keys_of_appendix_g_1() {
    let secret = hex("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925");
    let keys = SessionKeys::derive(CipherSuite::Aes128, &secret);
    assert_eq!(*keys.encryption, hex("F5F0E35C0D7161EE6724EE513A0D9A7F"));
    assert_eq!(*keys.mac, hex("FE251C7858B356B24514B3BD5F4297D1"));
    let password = hex("7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD");
    let key = CipherSuite::Aes128.derive(&password, KeyUse::Password);
    assert_eq!(*key, hex("89DED1B26624EC1E634C1989302849DD"));
    let nonce =
        CipherSuite::Aes128.decrypt(&key, &[0; 16], &hex("95A3A016522EE98D01E76CB6B98B42C3"));
    assert_eq!(nonce.unwrap(), hex("3F00C4D39D153F2B2A214A078D899B22"));
    let can = CipherSuite::Aes128.derive(b"123456", KeyUse::Password);
    assert_eq!(*can, hex("591468CDA83D65219CCCB8560233600F"));
}

#[test]
fn every_curve_agrees_signs_and_maps() {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    for curve in Curve::ALL {
        let (a, b) = (
            EcPrivateKey::generate(curve, &mut rng),
            EcPrivateKey::generate(curve, &mut rng),
        );
        assert_eq!(
            *a.agree(b.point()).unwrap(),
            *b.agree(a.point()).unwrap(),
            "{curve:?}"
        );
        let shared = a.agree_point(b.point()).unwrap();
        let generator = map_generator(curve, &[0x5A; 16], &shared).unwrap();
        let (c, d) = (
            EcPrivateKey::generate_for(curve, &generator, &mut rng).unwrap(),
            EcPrivateKey::generate_for(curve, &generator, &mut rng).unwrap(),
        );
        assert_eq!(
            *c.agree(d.point()).unwrap(),
            *d.agree(c.point()).unwrap(),
            "{curve:?}"
        );
        let key = PrivateKey::Ec(a);
        let public = key.public_key();
        for encoding in [CurveEncoding::Named, CurveEncoding::Explicit] {
            assert_eq!(
                PublicKey::from_spki(&public.to_spki(encoding)).unwrap(),
                public
            );
        }
        let signer = key
            .into_signer(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha384))
            .unwrap();
        let signature = signer.sign(b"record").unwrap();
        assert!(
            public
                .verify(signer.algorithm(), b"record", &signature)
                .is_ok(),
            "{curve:?}"
        );
        assert!(
            public
                .verify(signer.algorithm(), b"Record", &signature)
                .is_err(),
            "{curve:?}"
        );
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    for curve in Curve::ALL {
        let mut point = curve.parameters().g;
        assert!(PublicKey::ec(curve, &point).is_ok());
        *point.last_mut().unwrap() ^= 1;
        assert!(PublicKey::ec(curve, &point).is_err());
        assert!(PublicKey::ec(curve, &[0]).is_err(), "infinity");
        assert!(PublicKey::ec(curve, &[]).is_err());
    }
}

#[test]
fn rsa_signs_and_undoes_its_own_operation() {
    let key = RsaPrivateKey::generate(RsaSize::Bits2048).unwrap();
    let (modulus, exponent) = key.public_parts();
    let mut number = vec![0x11; modulus.len()];
    number[0] = 0;
    let powered = key.private_operation(&number).unwrap();
    assert_eq!(
        rsa_public_operation(&powered, &exponent, &modulus).unwrap(),
        number
    );
    let key = PrivateKey::from_bytes(&PrivateKey::Rsa(key).to_bytes()).unwrap();
    let public = key.public_key();
    let signer = key
        .into_signer(SignatureAlgorithm::RsaPss(HashAlgorithm::Sha256))
        .unwrap();
    let signature = signer.sign(b"record").unwrap();
    assert!(
        public
            .verify(signer.algorithm(), b"record", &signature)
            .is_ok()
    );
    assert!(
        public
            .verify(signer.algorithm(), b"another", &signature)
            .is_err()
    );
}

proptest! {
    #[test]
    fn what_was_sealed_opens_only_with_name_and_key(secret in prop::collection::vec(any::<u8>(), 0..100), seed in any::<[u8; 32]>()) {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let (master, other) = (MasterKey::generate(&mut rng), MasterKey::generate(&mut rng));
        let mut sealed = master.seal("ds", &secret, &mut rng);
        let opened = master.open("ds", &sealed).unwrap();
        prop_assert_eq!(&opened[..], &secret[..]);
        prop_assert!(master.open("csca", &sealed).is_err());
        prop_assert!(other.open("ds", &sealed).is_err());
        sealed[14] ^= 1;
        prop_assert!(master.open("ds", &sealed).is_err());
    }

    #[test]
    fn any_bytes_as_a_public_key_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = PublicKey::from_spki_der(&bytes);
        let _ = PrivateKey::from_bytes(&bytes);
    }
}
