variable "region" {
  type    = string
  default = "eu-central-1"
}

resource "aws_sqs_queue" "orders" {
  name = "orders-${var.region}"
}
