-- Chooses, for a batch of claims in their order, the buckets that general places come from, and
-- locks those. claims[i] wants quantities[i] places of tier tiers[i]; all of a claim's wishes stand
-- together. Answers (claim, tier, bucket, quantity) for who can be served, and (claim, null, null,
-- null) for who cannot because a tier has too few.
-- A bucket of an allotment is only for the claims that open it, and theirs is taken from first.
--
-- Without `gather` one bucket a tier is taken that nobody writes at this moment: whoever needs more
-- is answered (claim, null, null, -1), and asks again with it: then all buckets of the tiers are
-- locked, in order.
CREATE FUNCTION seats.choose_buckets(
    claims int[], tiers uuid[], quantities int[], opened_claims int[], opened_allotments uuid[],
    gather boolean
) RETURNS TABLE (claim int, tier_id uuid, bucket smallint, quantity int) LANGUAGE plpgsql AS $$
DECLARE
    wanted_tier uuid;
    row record;
    bucket_tiers uuid[] := '{}';
    buckets smallint[] := '{}';
    allotments uuid[] := '{}';
    rest int[] := '{}';  -- places left in each
    before int[];  -- the same before the claim at hand
    at int := 1;
    until int;
    missing int;
    part int;
    short_tier uuid;
    is_short boolean;
BEGIN
    FOR wanted_tier IN SELECT DISTINCT t FROM unnest(tiers) AS t ORDER BY t LOOP
        FOR row IN EXECUTE CASE WHEN gather THEN
            'SELECT b.bucket, b.remaining, b.allotment_id FROM seats.general_bucket AS b
             WHERE b.tier_id = $1 AND (b.allotment_id IS NULL OR b.allotment_id = ANY($2))
             ORDER BY b.bucket FOR UPDATE'
        ELSE
            -- Its condition is the key alone: a row locked and then found changed stays locked.
            'SELECT b.bucket, b.remaining, b.allotment_id FROM seats.general_bucket AS b
             WHERE b.tier_id = $1 AND (b.allotment_id = ANY($2) OR b.bucket = (
                SELECT c.bucket FROM seats.general_bucket AS c
                WHERE c.tier_id = $1 AND c.remaining > 0 AND c.allotment_id IS NULL
                ORDER BY random() LIMIT 1))
             ORDER BY b.bucket FOR UPDATE SKIP LOCKED'
        END USING wanted_tier, opened_allotments LOOP
            bucket_tiers := bucket_tiers || wanted_tier;
            buckets := buckets || row.bucket;
            rest := rest || row.remaining;
            allotments := allotments || row.allotment_id;
        END LOOP;
    END LOOP;
    WHILE at <= cardinality(claims) LOOP
        before := rest;
        short_tier := NULL;
        until := at;
        WHILE until <= cardinality(claims) AND claims[until] = claims[at] LOOP
            missing := quantities[until];
            FOR is_common IN 0 .. 1 LOOP
                FOR b IN 1 .. cardinality(buckets) LOOP
                    EXIT WHEN missing = 0;
                    CONTINUE WHEN bucket_tiers[b] <> tiers[until]
                        OR (allotments[b] IS NULL)::int <> is_common;
                    CONTINUE WHEN is_common = 0 AND NOT EXISTS (
                        SELECT FROM unnest(opened_claims, opened_allotments) AS o (claim, id)
                        WHERE o.claim = claims[until] AND o.id = allotments[b]);
                    part := least(rest[b], missing);
                    rest[b] := rest[b] - part;
                    missing := missing - part;
                END LOOP;
            END LOOP;
            IF missing > 0 THEN
                short_tier := tiers[until];
                is_short := gather OR quantities[until] > (SELECT sum(b.remaining)
                    FROM seats.general_bucket AS b WHERE b.tier_id = short_tier
                        AND (b.allotment_id IS NULL OR b.allotment_id = ANY(opened_allotments)));
            END IF;
            until := until + 1;
        END LOOP;
        IF short_tier IS NULL THEN
            RETURN QUERY SELECT claims[at], bucket_tiers[n], buckets[n], before[n] - rest[n]
                FROM generate_subscripts(buckets, 1) AS n WHERE before[n] > rest[n];
        ELSE
            rest := before;
            RETURN QUERY SELECT claims[at], NULL::uuid, NULL::smallint,
                CASE WHEN NOT is_short THEN -1 END;
        END IF;
        at := until;
    END LOOP;
END $$;
