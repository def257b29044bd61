resource "store" "main" {
  size = 3 * var.unit
  tags = { owner = "shop" }
}
