locals {
  a = 👨‍👩‍👧 @
}
