package odd

deny := true

Deny contains "never seen"

deny_number contains 1
