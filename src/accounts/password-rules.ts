/**
 * What a new password must be (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5, 6.2): long, and nothing that is tried first. No rules about
 * kinds of characters, no forced change.
 */
import { LONGEST_PASSWORD } from './password.ts'

const SHORTEST = 12
/** What is left must be worth something when the user's own name is taken out. */
const LEAST_BESIDE_NAME = 8

/** What people choose where twelve characters are asked for, from published lists; shorter ones fail by length. */
const COMMON = new Set(
  `123456789012 1234567890123 12345678901234 123456789123 123123123123 1234567890ab 0123456789ab 012345678910 987654321012 qwertyuiop12
   qwertyuiop123 qwertyuiopas qwertyuiopasdfghjkl qwerty123456 qwerty1234567 qwerty12345678 asdfghjkl123 1qaz2wsx3edc 1q2w3e4r5t6y 1q2w3e4r5t6y7u zaq12wsxcde3
   qazwsxedcrfv zxcvbnm12345 abcdefghijkl abcdefg12345 abc123456789 abcd12345678 aa123456789a a1234567890b password1234 password12345 password123456
   password1234! passwordpassword password@123 password2024 password2025 password2026 passw0rd1234 p@ssw0rd1234 p@ssword1234 mypassword12 mypassword123
   thisismypassword changeme1234 changeme12345 changemeplease letmein12345 letmeinplease welcome12345 welcome123456 iloveyou1234 iloveyou12345 iloveyouforever
   administrator administrator1 adminadminadmin admin1234567 admin12345678 admin123456789 adminpassword administrador rootrootroot superadmin123
   superuser123 monkey123456 dragon123456 sunshine1234 princess1234 football1234 baseball1234 michael12345 trustno1trustno1 secretsecret secret123456
   supersecret1 topsecret123 correcthorsebatterystaple bifrostbifrost bifrost12345 bifrostgateway gateway12345 industrial123 operator1234 engineer1234
   siemens12345 automation123 factory12345 scada1234567 plc123456789`
    .trim()
    .split(/\s+/),
)

/** What is wrong with it, in a sentence; undefined: nothing. */
export function passwordFault(password: string, userName: string): string | undefined {
  const text = password.normalize('NFKC')
  const { length } = Array.from(text)
  if (length < SHORTEST)
    return `A password has at least ${SHORTEST} characters; a few words with blanks between them are good.`
  if (length > LONGEST_PASSWORD) return `A password has at most ${LONGEST_PASSWORD} characters.`
  if (/\p{Cc}/u.test(text)) return 'A password has no control characters.'
  const lower = text.toLowerCase()
  if (COMMON.has(lower.replace(/\s/g, ''))) return 'This password is on the list of those that are tried first.'
  if (isRepeated(lower) || isRow(lower)) return 'This password is a pattern that is tried first.'
  const name = userName.normalize('NFKC').toLowerCase()
  if (name.length >= 3 && lower.includes(name) && Array.from(lower.replaceAll(name, '')).length < LEAST_BESIDE_NAME)
    return "This password is little more than the user's name."
  return undefined
}

/** One piece of up to six characters again and again: `aaaaaaaaaaaa`, `abcabcabcabc`. */
function isRepeated(text: string): boolean {
  for (let size = 1; size <= 6; size++) {
    if (
      text ===
      text
        .slice(0, size)
        .repeat(Math.ceil(text.length / size))
        .slice(0, text.length)
    )
      return true
  }
  return false
}

/** Neighbours of the alphabet, the digits or a keyboard, up or down. */
function isRow(text: string): boolean {
  const rows = [
    'abcdefghijklmnopqrstuvwxyz',
    '0123456789012345678901234567890',
    'qwertyuiopasdfghjklzxcvbnm',
    'qwertzuiopasdfghjklyxcvbnm',
  ]
  return rows.some((row) => row.includes(text) || Array.from(row).reverse().join('').includes(text))
}
