//! TLS 1.3 records made by hand, for what no well-behaved server sends.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::{ConnectionTrafficSecrets, ServerConnection};

/// Seals records in place of the server's TLS, which has shaken hands before.
pub struct Sealer {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

impl Sealer {
    pub fn new(session: ServerConnection) -> Sealer {
        let (sequence, secrets) = session.dangerous_extract_secrets().unwrap().tx;
        let ConnectionTrafficSecrets::Aes128Gcm { key, iv } = secrets else { panic!("another cipher suite") };
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key.as_ref()).unwrap());
        Sealer { key, iv: iv.as_ref().try_into().unwrap(), sequence }
    }

    /// A record of this content type: 21 is an alert, 22 a handshake message, 23 data.
    pub fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let mut nonce = self.iv;
        for (byte, part) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= part;
        }
        self.sequence += 1;

        let mut sealed = [content, &[kind]].concat();
        let length = u16::try_from(sealed.len() + AES_128_GCM.tag_len()).unwrap().to_be_bytes();
        let header = [23, 3, 3, length[0], length[1]];
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(nonce, Aad::from(header), &mut sealed).unwrap();
        [&header, &sealed[..]].concat()
    }
}

/// A session ticket that means nothing.
pub fn ticket() -> Vec<u8> {
    let (lifetime, age_add, nonce, ticket) = ([0, 0, 14, 16], [1, 2, 3, 4], [1, 7], [0, 4, 9, 9, 9, 9]);
    let body = [&lifetime[..], &age_add, &nonce, &ticket, &[0, 0]].concat();
    [&[4, 0, 0, u8::try_from(body.len()).unwrap()], &body[..]].concat()
}
