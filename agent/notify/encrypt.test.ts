import { expect, it } from 'vitest';
import { encrypt } from './encrypt.ts';

const at = (text: string): Buffer => Buffer.from(text, 'base64url');

it('makes of the example of RFC 8291, appendix A, what stands there', () => {
  const receiver = {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  };
  const fixed = { key: at('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'), salt: at('DGv6ra1nlYgDCS1FRnbzlw'), fill: 0 };
  expect(encrypt('When I grow up, I want to be a watermelon', receiver, fixed).toString('base64url')).toBe(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  );
});

it('hides how long the text is, and refuses one that no service would take', () => {
  const receiver = {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  };
  expect(encrypt('a', receiver).length).toBe(encrypt('a'.repeat(900), receiver).length);
  expect(() => encrypt('a'.repeat(4096), receiver)).toThrow('too long');
});
