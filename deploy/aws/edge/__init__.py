"""What the world meets: names, certificates, CloudFront, the web ACL, buckets."""
