"""What the shop costs on AWS, reckoned from counted work and list prices."""
