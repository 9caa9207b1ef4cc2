locals {
  a = 👍🏽
  b = "👍🏽" @
}
