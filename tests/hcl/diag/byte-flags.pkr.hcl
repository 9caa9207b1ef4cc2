locals {
  a = 🇩🇪🇫🇷 @
}
