-- Puts what a request has used in the place of what was held for it.
local requests, tokens, under_way, held, spent_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now, used = tonumber(ARGV[1]), tonumber(ARGV[5])

-- Held too long, it has been let go already.
if redis.call('ZREM', under_way, ARGV[2] .. ':' .. ARGV[3] .. ':' .. ARGV[4]) == 1 then
    redis.call('HINCRBY', held, 'tokens', string.format('%.0f', 0 - tonumber(ARGV[3])))
    redis.call('HINCRBY', held, 'cost', string.format('%.0f', 0 - tonumber(ARGV[4])))
end
if used > 0 then
    local second = string.format('%.0f', math.floor(now / 1000))
    local packed = tonumber(redis.call('HGET', tokens, second) or '0')
    local count, last = math.floor(packed / 1000) + used, math.max(packed % 1000, now % 1000)
    redis.call('HSET', tokens, second, string.format('%.0f', count * 1000 + last))
    redis.call('PEXPIRE', tokens, 130000)
end
if tonumber(ARGV[6]) > 0 then
    redis.call('INCRBY', spent_key, ARGV[6])
    redis.call('PEXPIRE', spent_key, 40 * 86400000)
end
return {}
